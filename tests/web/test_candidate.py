"""The candidate's page from the first look to the withdrawal, without JavaScript, on a running connector."""

from __future__ import annotations

from .conftest import Candidate


async def test_a_file_goes_all_the_way(person: Candidate) -> None:
    house = person.house
    start = await person.open()
    assert "Lakeshore Works" in start.text
    found = await person.give_file(house.badge())
    assert found.heading == "What we found"
    assert set(found.boxes()) == {"Welder I", "Skill: MIG welding", "Skill: Blueprint reading"}
    review = await person.submit(found, "review")
    assert review.heading == "This is what Lakeshore Works will see"
    print(review.preview(), review.text)
    assert house.writes == 0
    receipt = await person.submit(review, "confirm")
    print(receipt.text)
    assert house.held.fields
    gone = await person.submit(receipt, "withdraw")
    print(gone.text, house.held)
