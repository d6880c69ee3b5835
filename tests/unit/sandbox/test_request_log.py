PATH = "/api/2.3/activities"


async def test_calls_are_counted_by_template_and_listed_in_order(rest):
    await rest.get(PATH, params={"clientId": "1001"})
    await rest.get(PATH)
    await rest.get("/api/9/nothing%20here")
    shown = (await rest.get("/_sandbox/calls")).json()
    assert shown["calls"] == {f"GET {PATH}": 2, "GET {unknown}": 1}
    assert shown["requests"] == [
        {"method": "GET", "path": PATH, "url": f"{PATH}?clientId=1001", "status": 200},
        {"method": "GET", "path": PATH, "url": PATH, "status": 400},
        {"method": "GET", "path": "{unknown}", "url": "/api/9/nothing%20here", "status": 404},
    ]


async def test_credentials_are_not_listed(rest):
    await rest.get(f"{PATH}?apiKey=k&clientId=a%20b&token=t&flag")
    await rest.get(f"{PATH}?apikey=k")
    urls = [call["url"] for call in (await rest.get("/_sandbox/calls")).json()["requests"]]
    assert urls == [f"{PATH}?clientId=a%20b&flag", PATH]


async def test_calls_are_forgotten_on_request(rest):
    await rest.get(PATH)
    assert (await rest.delete("/_sandbox/calls")).json() == {"calls": {}, "requests": []}


async def test_controls_are_no_calls(rest):
    await rest.get("/_sandbox/faults")
    assert (await rest.get("/_sandbox/calls")).json()["calls"] == {}
