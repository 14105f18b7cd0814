import datetime
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, Field, ValidationError, computed_field, field_validator


class Item(BaseModel):
    name: Annotated[str, Field(min_length=1, max_length=5, pattern="^[a-z]+$")]
    price: Decimal = Decimal("1.50")
    tags: set[int] = set()


class Order(BaseModel):
    id: int
    kind: Literal["new", "old"] = "new"
    when: datetime.datetime | None = None
    items: list[Item]

    @field_validator("id")
    @classmethod
    def positive(cls, value):
        if value <= 0:
            raise ValueError("not positive")
        return value

    @computed_field
    @property
    def total(self) -> Decimal:
        return sum((i.price for i in self.items), Decimal(0))


order = Order.model_validate_json('{"id": "5", "when": "2024-02-29T10:00:00+01:00", "items": [{"name": "ab", "price": "2.25", "tags": [1, 1, "2"]}]}')
try:
    Order.model_validate({"id": -1, "kind": "x", "items": [{"name": "TOO LONG", "price": "y"}, {}]})
except ValidationError as error:
    print(error)
result = (repr(order), order.model_dump(), order.model_dump_json(indent=1), Order.model_json_schema()["properties"]["items"], order.model_copy(update={"id": 6}).id)
