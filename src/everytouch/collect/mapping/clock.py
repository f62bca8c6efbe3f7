"""Times that a file keeps in two columns, a day and a time of day."""


def as_time(text: str, order: str) -> str:
    """Return SQL that reads a day and a time of day in one text; the text itself where it is not.

    Args:
        text: SQL of the text, as ``"Datum" || ' ' || "Uhrzeit"``.
        order: iso, day-first or month-first.
    """
    day = "%m/%d" if order == "month-first" else "%d/%m"
    plain = f"replace(replace({text}, '.', '/'), '-', '/')"
    clocks = ("%H:%M", "%H:%M:%S", "%I:%M %p", "%H")
    forms = [
        f"{date} {clock}" for date in (f"{day}/%y", f"{day}/%Y", "%Y/%m/%d") for clock in clocks
    ]
    listed = ", ".join(f"'{form}'" for form in forms)
    return f"coalesce(CAST(try_strptime({plain}, [{listed}]) AS VARCHAR), {text})"
