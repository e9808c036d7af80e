import json

import openai
from harness import DESCRIPTION, KEY, MODEL, PROMPT, SCHEMA, URL, WAY, check, loop, weather
from pydantic import BaseModel

client = openai.OpenAI(api_key=KEY, base_url=URL + "/v1", max_retries=0)


class City(BaseModel):
    city: str


def chat():
    tools = [{"type": "function", "function": {"name": "weather", "description": DESCRIPTION, "parameters": SCHEMA, "strict": True}}]
    messages = [{"role": "user", "content": PROMPT}]
    for _ in range(4):
        with client.chat.completions.stream(model=MODEL, messages=messages, tools=tools, stream_options={"include_usage": True}) as stream:
            for event in stream:
                if event.type == "content.delta":
                    yield event.delta
            answer = stream.get_final_completion()
        assert answer.usage.total_tokens > 0
        message = answer.choices[0].message
        if not message.tool_calls:
            return
        # What the SDK has parsed is its own: OpenAI refuses it as unknown fields.
        calls = [{"id": c.id, "type": "function", "function": {"name": c.function.name, "arguments": c.function.arguments}} for c in message.tool_calls]
        messages.append({"role": "assistant", "content": message.content, "tool_calls": calls})
        for call in message.tool_calls:
            messages.append({"role": "tool", "tool_call_id": call.id, "content": weather(**json.loads(call.function.arguments))})


def responses():
    tools = [{"type": "function", "name": "weather", "description": DESCRIPTION, "parameters": SCHEMA, "strict": True}]
    items = [{"role": "user", "content": PROMPT}]
    for _ in range(4):
        with client.responses.stream(model=MODEL, input=items, tools=tools, store=False, include=["reasoning.encrypted_content"]) as stream:
            for event in stream:
                if event.type == "response.output_text.delta":
                    yield event.delta
            answer = stream.get_final_response()
        assert answer.usage.total_tokens > 0
        calls = [item for item in answer.output if item.type == "function_call"]
        if not calls:
            return
        items += answer.output
        items += [{"type": "function_call_output", "call_id": c.call_id, "output": weather(**json.loads(c.arguments))} for c in calls]


def refused():
    try:
        client.with_options(api_key="wrong").models.list()
    except openai.AuthenticationError:
        return True


if WAY == "chat":
    loop(chat)
    check("answer", lambda: client.chat.completions.create(model=MODEL, messages=[{"role": "user", "content": "hi"}]).choices[0].message.content)
    check("parse", lambda: client.chat.completions.parse(model=MODEL, messages=[{"role": "user", "content": "a city"}], response_format=City).choices[0].message.parsed.city)
else:
    loop(responses)
    check("answer", lambda: client.responses.create(model=MODEL, input="hi", instructions="Be brief.").output_text)
    check("parse", lambda: client.responses.parse(model=MODEL, input="a city", text_format=City).output_parsed.city)
check("models", lambda: MODEL in [m.id for m in client.models.list()])
check("errors", refused)
