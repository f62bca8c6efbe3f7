"""The API's description, openapi.json: what its answers are as they are sent, failures too."""

from typing import Any

from ninja import NinjaAPI
from ninja.openapi.schema import REF_TEMPLATE, OpenAPISchema
from ninja.schema import NinjaGenerateJsonSchema

PROBLEM = "application/problem+json"


class _Sent(NinjaGenerateJsonSchema):
    """Values as ``rest.said`` sends them."""

    def float_schema(self, schema: Any) -> dict[str, Any]:
        """A number; null where nothing could be estimated."""
        return {"anyOf": [super().float_schema(schema), {"type": "null"}]}

    def decimal_schema(self, schema: Any) -> dict[str, Any]:  # noqa: ARG002
        """A number, too."""
        return self.float_schema({"type": "float"})


class _Description(OpenAPISchema):
    def _create_schema_from_model(
        self, model: Any, by_alias: bool = True, remove_level: bool = True, mode: Any = "validation"
    ) -> tuple[Any, bool]:
        if mode != "serialization":
            found: tuple[Any, bool] = super()._create_schema_from_model(
                model, by_alias, remove_level, mode
            )
            return found
        schema = model.model_json_schema(
            ref_template=REF_TEMPLATE, by_alias=by_alias, schema_generator=_Sent, mode=mode
        )
        self.add_schema_definitions(schema.get("$defs", {}))
        (answer,) = schema["properties"].values()
        return answer, True

    def responses(self, operation: Any) -> dict[Any, Any]:
        """Answers by status; failures are problems."""
        found: dict[Any, Any] = super().responses(operation)
        for status, one in found.items():
            if int(status) >= 400 and "content" in one:
                one["content"] = {PROBLEM: one["content"].pop("application/json")}
        return found


class Described(NinjaAPI):
    """An API whose description holds what it really sends."""

    def get_openapi_schema(
        self, *, path_prefix: str | None = None, path_params: dict[str, Any] | None = None
    ) -> OpenAPISchema:
        """The description."""
        if path_prefix is None:
            path_prefix = self.get_root_path(path_params or {})
        return _Description(self, path_prefix)
