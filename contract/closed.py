"""The description, held to the letter."""


def close(schema):
    """No object has members that are not named, although clients are told to expect some."""
    if isinstance(schema, list):
        for item in schema:
            close(item)
    elif isinstance(schema, dict):
        if "properties" in schema and isinstance(schema.get("type"), str):
            schema.setdefault("additionalProperties", False)
        for item in schema.values():
            close(item)
