import { streamText, generateText, generateObject, tool, jsonSchema, stepCountIs, isStepCount } from 'ai';
import { createOpenAI } from '@ai-sdk/openai';
import { createAnthropic } from '@ai-sdk/anthropic';
import { createGoogleGenerativeAI } from '@ai-sdk/google';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { loop, check, must, way, url, key, model, prompt, description, schema, pixel, weather } from './harness.mjs';
const ways = {
  responses: () => createOpenAI({ apiKey: key, baseURL: url + '/v1' })(model),
  chat: () => createOpenAI({ apiKey: key, baseURL: url + '/v1' }).chat(model),
  compatible: () => createOpenAICompatible({ name: 'llmgw', apiKey: key, baseURL: url + '/v1', includeUsage: true, supportsStructuredOutputs: true })(model),
  messages: () => createAnthropic({ apiKey: key, baseURL: url + '/v1' })(model),
  google: () => createGoogleGenerativeAI({ apiKey: key, baseURL: url + '/v1beta' })(model),
};
const common = { model: ways[way](), maxRetries: 0 };

await loop(async function* () {
  const r = streamText({
    ...common, prompt, onError: () => {}, stopWhen: (stepCountIs ?? isStepCount)(4),
    tools: { weather: tool({ description, inputSchema: jsonSchema(schema), execute: weather }) },
  });
  for await (const part of r.fullStream) {
    if (part.type === 'error') throw part.error;
    if (part.type === 'text-delta') yield part.text;
  }
  must((await r.totalUsage).totalTokens > 0, 'no usage');
});
await check('generateText', async () => {
  const r = await generateText({ ...common, instructions: 'Be brief.', prompt: 'hi' });
  must(r.text && r.usage.totalTokens > 0, JSON.stringify(r));
});
await check('generateObject', async () => {
  const r = await generateObject({ ...common, schema: jsonSchema(schema), prompt: 'a city' });
  must(typeof r.object.city === 'string', JSON.stringify(r.object));
});
await check('image', async () => {
  const r = await generateText({ ...common, messages: [{ role: 'user', content: [{ type: 'text', text: 'what is it?' }, { type: 'image', image: Buffer.from(pixel, 'base64') }] }] });
  must(r.text, JSON.stringify(r));
});
