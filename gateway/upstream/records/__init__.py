"""What the upstream sends, as msgspec Structs, and how JSON is decoded to them."""
