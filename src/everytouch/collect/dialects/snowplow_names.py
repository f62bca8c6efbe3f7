"""The fields of Snowplow's tracker protocol, by their names in its warehouse.

Source: Snowplow's documentation, "Snowplow tracker protocol" and "Canonical event model".
"""

OWN: dict[str, tuple[str, ...]] = {
    "pv": ("url", "page", "refr"),
    "pp": ("url", "page", "refr", "pp_mix", "pp_max", "pp_miy", "pp_may"),
    "se": ("se_ca", "se_ac", "se_la", "se_pr", "se_va"),
    "ue": ("ue_pr", "ue_px"),
    "tr": ("tr_id", "tr_af", "tr_tt", "tr_tx", "tr_sh", "tr_ci", "tr_st", "tr_co", "tr_cu"),
    "ti": ("ti_id", "ti_sk", "ti_nm", "ti_na", "ti_ca", "ti_pr", "ti_qu", "ti_cu"),
}
"""The event's own fields, by the type of event (``e``)."""

GENERAL: dict[str, str] = {
    "aid": "app_id",
    "cd": "br_colordepth",
    "cookie": "br_cookies",
    "cs": "doc_charset",
    "ds": "doc_size",
    "lang": "br_lang",
    "mac": "mac_address",
    "p": "platform",
    "page": "page_title",
    "refr": "page_referrer",
    "res": "dvce_screen_resolution",
    "sid": "domain_sessionid",
    "tna": "name_tracker",
    "tv": "v_tracker",
    "tz": "os_timezone",
    "ua": "useragent",
    "url": "page_url",
    "vid": "domain_sessionidx",
    "vp": "br_viewsize",
}
"""Fields that say under what circumstances it happened; others keep the names they have."""

NAMES: dict[str, str] = {
    "page": "page_title",
    "refr": "page_referrer",
    "url": "page_url",
    "pp_max": "pp_xoffset_max",
    "pp_may": "pp_yoffset_max",
    "pp_mix": "pp_xoffset_min",
    "pp_miy": "pp_yoffset_min",
    "se_ac": "se_action",
    "se_ca": "se_category",
    "se_la": "se_label",
    "se_pr": "se_property",
    "se_va": "se_value",
    "ti_ca": "ti_category",
    "ti_cu": "ti_currency",
    "ti_id": "ti_orderid",
    "ti_na": "ti_name",
    "ti_nm": "ti_name",
    "ti_pr": "ti_price",
    "ti_qu": "ti_quantity",
    "ti_sk": "ti_sku",
    "tr_af": "tr_affiliation",
    "tr_ci": "tr_city",
    "tr_co": "tr_country",
    "tr_cu": "tr_currency",
    "tr_id": "tr_orderid",
    "tr_sh": "tr_shipping",
    "tr_st": "tr_state",
    "tr_tt": "tr_total",
    "tr_tx": "tr_tax",
}
"""The event's own fields."""

UNKEPT = frozenset(
    ("e", "eid", "dtm", "ttm", "stm", "uid", "duid", "nuid", "tnuid", "ip", "co", "cx")
)
"""Fields that a record has as columns, that are unpacked, or that are not kept."""
