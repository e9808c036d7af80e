from google import genai
from google.genai import errors, types
from harness import DESCRIPTION, KEY, MODEL, PROMPT, SCHEMA, URL, check, loop, weather
from pydantic import BaseModel

client = genai.Client(api_key=KEY, http_options=types.HttpOptions(base_url=URL))


class City(BaseModel):
    city: str


def generate():
    declared = types.FunctionDeclaration(name="weather", description=DESCRIPTION, parameters_json_schema=SCHEMA)
    config = types.GenerateContentConfig(tools=[types.Tool(function_declarations=[declared])], automatic_function_calling=types.AutomaticFunctionCallingConfig(disable=True))
    contents = [types.Content(role="user", parts=[types.Part(text=PROMPT)])]
    for _ in range(4):
        parts, usage = [], None
        for chunk in client.models.generate_content_stream(model=MODEL, contents=contents, config=config):
            usage = chunk.usage_metadata or usage
            for part in (chunk.candidates and chunk.candidates[0].content and chunk.candidates[0].content.parts) or []:
                parts.append(part)
                if part.text and not part.thought:
                    yield part.text
        assert usage.total_token_count > 0
        calls = [part.function_call for part in parts if part.function_call]
        if not calls:
            return
        contents.append(types.Content(role="model", parts=parts))
        contents.append(types.Content(role="user", parts=[types.Part(function_response=types.FunctionResponse(id=c.id, name=c.name, response={"output": weather(**c.args)})) for c in calls]))


def structured():
    config = types.GenerateContentConfig(response_mime_type="application/json", response_schema=City)
    return client.models.generate_content(model=MODEL, contents="a city", config=config).parsed.city


def automatic():
    config = types.GenerateContentConfig(tools=[weather])
    return client.models.generate_content(model=MODEL, contents="the weather?", config=config).text


def refused():
    other = genai.Client(api_key="wrong", http_options=types.HttpOptions(base_url=URL))
    try:
        other.models.generate_content(model=MODEL, contents="hi")
    except errors.ClientError as e:
        return e.code in (400, 401, 403)


loop(generate)
check("answer", lambda: client.models.generate_content(model=MODEL, contents="hi", config={"system_instruction": "Be brief."}).text)
check("structured", structured)
check("automatic function calling", automatic)
check("count_tokens", lambda: client.models.count_tokens(model=MODEL, contents="hi there").total_tokens > 0)
check("models", lambda: "models/" + MODEL in [m.name for m in client.models.list()])
check("errors", refused)
