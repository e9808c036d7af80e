import anthropic
from harness import DESCRIPTION, KEY, MODEL, PROMPT, SCHEMA, URL, check, loop, weather

client = anthropic.Anthropic(api_key=KEY, base_url=URL, max_retries=0)
HI = [{"role": "user", "content": "hi there"}]


def messages():
    turns = [{"role": "user", "content": PROMPT}]
    tools = [{"name": "weather", "description": DESCRIPTION, "input_schema": SCHEMA}]
    for _ in range(4):
        with client.messages.stream(model=MODEL, max_tokens=4000, tools=tools, messages=turns) as stream:
            yield from stream.text_stream
            answer = stream.get_final_message()
        assert answer.usage.output_tokens > 0
        if answer.stop_reason != "tool_use":
            return
        uses = [block for block in answer.content if block.type == "tool_use"]
        turns.append({"role": "assistant", "content": answer.content})
        turns.append({"role": "user", "content": [{"type": "tool_result", "tool_use_id": u.id, "content": weather(**u.input)} for u in uses]})


def refused():
    try:
        client.with_options(api_key="wrong").messages.create(model=MODEL, max_tokens=10, messages=HI)
    except anthropic.AuthenticationError:
        return True


loop(messages)
check("answer", lambda: client.messages.create(model=MODEL, max_tokens=200, system="Be brief.", messages=HI).content[-1].text)
check("count_tokens", lambda: client.messages.count_tokens(model=MODEL, messages=HI).input_tokens > 0)
check("models", lambda: {m.id: m.display_name for m in client.models.list()}["claude-fast"] == "Fast")
check("errors", refused)
