import { tool } from '@langchain/core/tools';
import { HumanMessage } from '@langchain/core/messages';
import { ChatOpenAI } from '@langchain/openai';
import { ChatAnthropic } from '@langchain/anthropic';
import { ChatGoogleGenerativeAI } from '@langchain/google-genai';
import { z } from 'zod';
import { loop, check, must, way, url, key, model, prompt, description, pixel, weather } from './harness.mjs';
const City = z.object({ city: z.string().describe('the city') });
const ways = {
  chat: () => new ChatOpenAI({ model, apiKey: key, configuration: { baseURL: url + '/v1' }, maxRetries: 0, useResponsesApi: false }),
  responses: () => new ChatOpenAI({ model, apiKey: key, configuration: { baseURL: url + '/v1' }, maxRetries: 0, useResponsesApi: true }),
  messages: () => new ChatAnthropic({ model, apiKey: key, anthropicApiUrl: url, maxRetries: 0, maxTokens: 4000 }),
  google: () => new ChatGoogleGenerativeAI({ model, apiKey: key, baseUrl: url, maxRetries: 0 }),
};
const llm = ways[way]();

await loop(async function* () {
  const named = tool(weather, { name: 'weather', description, schema: City });
  const messages = [new HumanMessage(prompt)];
  const bound = llm.bindTools([named]);
  for (let turn = 0; turn < 4; turn++) {
    let whole;
    for await (const chunk of await bound.stream(messages)) {
      yield chunk.text;
      whole = whole ? whole.concat(chunk) : chunk;
    }
    must(whole.usage_metadata?.total_tokens > 0, 'no usage');
    messages.push(whole);
    if (!whole.tool_calls?.length) return;
    for (const call of whole.tool_calls) messages.push(await named.invoke(call));
  }
});
await check('invoke', async () => must((await llm.invoke('hi')).text, 'no text'));
await check('withStructuredOutput', async () => {
  const r = await llm.withStructuredOutput(City, { name: 'city' }).invoke('a city');
  must(typeof r.city === 'string', JSON.stringify(r));
});
// Its Gemini class looks at the model's name, and refuses images for any other.
if (way !== 'google' || model.startsWith('gemini')) await check('image', async () => {
  const r = await llm.invoke([new HumanMessage({ content: [{ type: 'text', text: 'what is it?' }, { type: 'image_url', image_url: { url: 'data:image/png;base64,' + pixel } }] })]);
  must(r.text, 'no text');
});
