"""What the drivers share: the task, and one JSON line for each thing found out."""

import json
import os
import sys

URL, KEY, MODEL = os.environ["LLMGW_URL"], os.environ["LLMGW_API_KEY"], os.environ["LLMGW_MODEL"]
WAY = sys.argv[1] if len(sys.argv) > 1 else ""
PROMPT = "What is the weather in Paris? " + os.environ["LLMGW_MARKER"]
DESCRIPTION = "The weather of a city."
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"], "additionalProperties": False}


def weather(city: str) -> str:
    """The weather of a city."""
    assert isinstance(city, str), f"the tool was called with {city!r}"
    return os.environ["LLMGW_RESULT"]


def loop(run):
    """Runs the tool loop, which yields the pieces of text as they come."""
    try:
        pieces = [piece for piece in run() if piece]
        tell(answer="".join(pieces), pieces=len(pieces))
    except Exception as e:  # whatever it is, it is the finding
        tell(error=f"{type(e).__name__}: {e}"[:600])


def check(name, run):
    try:
        ok = run()
        tell(check=name, ok=bool(ok), error="" if ok else "not as expected")
    except Exception as e:  # whatever it is, it is the finding
        tell(check=name, ok=False, error=f"{type(e).__name__}: {e}"[:600])


def tell(**line):
    print(json.dumps(line), flush=True)
