"""When messages stand back for desks that push."""

from __future__ import annotations

from vaccinator_app.central.messages.postman import PATIENCE, PAUSE, Pushes


def test_desks_that_push_go_before_messages_but_not_for_ever() -> None:
    now = 100.0
    pushes = Pushes(lambda: now)
    assert not pushes.are_under_way()
    pushes.begin()
    pushes.begin()
    pushes.end()
    assert pushes.are_under_way(), "the other one is not answered yet"
    now += 5
    pushes.end()
    assert pushes.are_under_way(), "the desk may have more"
    now += PAUSE + 0.1
    assert not pushes.are_under_way()
    began = now
    while now <= began + PATIENCE:
        pushes.begin()
        assert pushes.are_under_way()
        now += 1
        pushes.end()
    assert not pushes.are_under_way(), "messages have waited long enough"
    now += PAUSE + 0.1
    pushes.begin()
    assert pushes.are_under_way(), "after a pause it begins anew"
