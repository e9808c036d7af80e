from harness import KEY, MODEL, PROMPT, URL, WAY, check, loop, weather
from langchain_core.messages import HumanMessage
from langchain_core.tools import tool
from pydantic import BaseModel, Field


class City(BaseModel):
    """A city."""

    city: str = Field(description="the city")


if WAY == "messages":
    from langchain_anthropic import ChatAnthropic

    llm = ChatAnthropic(model=MODEL, api_key=KEY, base_url=URL, max_retries=0, max_tokens=4000)
elif WAY == "google":
    from langchain_google_genai import ChatGoogleGenerativeAI

    llm = ChatGoogleGenerativeAI(model=MODEL, google_api_key=KEY, base_url=URL, max_retries=1)
else:
    from langchain_openai import ChatOpenAI

    llm = ChatOpenAI(model=MODEL, api_key=KEY, base_url=URL + "/v1", max_retries=0, stream_usage=True, use_responses_api=WAY == "responses")


# The Responses API takes a function for strict unless it is told.
strict = {"strict": True} if WAY == "responses" else {}


def turns():
    named = tool(weather)
    messages = [HumanMessage(PROMPT)]
    for _ in range(4):
        whole = None
        for chunk in llm.bind_tools([named], **strict).stream(messages):
            yield str(chunk.text)
            whole = chunk if whole is None else whole + chunk
        assert whole.usage_metadata["total_tokens"] > 0
        messages.append(whole)
        if not whole.tool_calls:
            return
        messages += [named.invoke(call) for call in whole.tool_calls]


loop(turns)
check("invoke", lambda: str(llm.invoke("hi").text))
check("with_structured_output", lambda: llm.with_structured_output(City).invoke("a city").city)
