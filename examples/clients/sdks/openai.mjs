import { loop, check, must, way, url, key, model, prompt, description, schema, pixel, weather } from './harness.mjs';
const [api, version] = way.split('@');
const { default: OpenAI } = await import(version === '6' ? 'openai-6' : 'openai');
const openai = new OpenAI(version === 'env' ? { maxRetries: 0 } : { apiKey: key, baseURL: url + '/v1', maxRetries: 0 });
const user = (content) => [{ role: 'user', content }];

if (api === 'chat') {
  await loop(async function* () {
    const runner = openai.chat.completions.runTools({
      model, stream: true, messages: user(prompt), stream_options: { include_usage: true },
      tools: [{ type: 'function', function: { name: 'weather', description, parameters: schema, parse: JSON.parse, function: weather } }],
    });
    for await (const chunk of runner) yield chunk.choices[0]?.delta?.content ?? '';
    must((await runner.totalUsage()).total_tokens > 0, 'no usage');
  });
  await check('answer', async () => {
    const r = await openai.chat.completions.create({ model, messages: [{ role: 'system', content: 'Be brief.' }, ...user('hi')] });
    must(r.choices[0].message.content && r.choices[0].finish_reason === 'stop' && r.usage.total_tokens > 0, JSON.stringify(r));
  });
  await check('json_schema', async () => {
    const r = await openai.chat.completions.parse({ model, messages: user('a city'), response_format: { type: 'json_schema', json_schema: { name: 'city', strict: true, schema } } });
    must(typeof r.choices[0].message.parsed?.city === 'string', JSON.stringify(r));
  });
  await check('image', async () => {
    const r = await openai.chat.completions.create({ model, messages: user([{ type: 'text', text: 'what is it?' }, { type: 'image_url', image_url: { url: 'data:image/png;base64,' + pixel } }]) });
    must(r.choices[0].message.content, JSON.stringify(r));
  });
  await check('reasoning_effort', async () => {
    const r = await openai.chat.completions.create({ model, reasoning_effort: 'high', max_completion_tokens: 20000, messages: user('think') });
    must(r.choices[0].message.content, JSON.stringify(r));
  });
  await check('forced call', async () => {
    const tools = ['a', 'b'].map((name) => ({ type: 'function', function: { name, parameters: schema } }));
    const messages = user('do it');
    const r = await openai.chat.completions.create({ model, messages, tools, tool_choice: 'required' });
    const calls = r.choices[0].message.tool_calls;
    must(calls?.length >= 1, JSON.stringify(r));
    messages.push(r.choices[0].message, ...calls.map((c) => ({ role: 'tool', tool_call_id: c.id, content: c.function.name })));
    must((await openai.chat.completions.create({ model, messages, tools })).choices[0].message.content, 'no answer');
  });
} else {
  await loop(async function* () {
    const tools = [{ type: 'function', name: 'weather', description, strict: true, parameters: schema }];
    const input = user(prompt);
    for (let turn = 0; turn < 4; turn++) {
      const stream = openai.responses.stream({ model, input, tools, store: false, include: ['reasoning.encrypted_content'], reasoning: { summary: 'auto' } });
      for await (const e of stream) if (e.type === 'response.output_text.delta') yield e.delta;
      const r = await stream.finalResponse();
      must(r.usage.total_tokens > 0, 'no usage');
      const calls = r.output.filter((o) => o.type === 'function_call');
      if (!calls.length) return;
      // What the SDK has parsed is its own: OpenAI refuses it as an unknown field.
      const output = r.output.map(({ parsed_arguments, ...item }) => item);
      input.push(...output, ...calls.map((c) => ({ type: 'function_call_output', call_id: c.call_id, output: weather(JSON.parse(c.arguments)) })));
    }
  });
  await check('answer', async () => {
    const r = await openai.responses.create({ model, input: 'hi', instructions: 'Be brief.' });
    must(r.output_text && r.status === 'completed' && r.usage.total_tokens > 0, JSON.stringify(r));
  });
  await check('json_schema', async () => {
    const r = await openai.responses.parse({ model, input: 'a city', text: { format: { type: 'json_schema', name: 'city', strict: true, schema } } });
    must(typeof r.output_parsed?.city === 'string', JSON.stringify(r));
  });
  await check('image', async () => {
    const r = await openai.responses.create({ model, input: user([{ type: 'input_text', text: 'what is it?' }, { type: 'input_image', image_url: 'data:image/png;base64,' + pixel, detail: 'auto' }]) });
    must(r.output_text, JSON.stringify(r));
  });
  await check('reasoning', async () => {
    const r = await openai.responses.create({ model, input: 'think', reasoning: { effort: 'low', summary: 'auto' } });
    must(r.output_text, JSON.stringify(r));
  });
}
await check('models', async () => {
  const ids = [];
  for await (const m of openai.models.list()) ids.push(m.id);
  must(ids.includes(model), ids.join());
  must((await openai.models.retrieve(model)).id === model, 'retrieve');
});
await check('errors', async () => {
  const e = await new OpenAI({ apiKey: 'wrong', baseURL: url + '/v1', maxRetries: 0 }).models.list().catch((e) => e);
  must(e instanceof OpenAI.AuthenticationError, `${e}`);
});
if (model.startsWith('gpt-')) {
  await check('embeddings', async () => {
    const r = await openai.embeddings.create({ model: 'gpt-embeddings', input: ['a', 'b'] });
    must(r.data.length === 2 && r.data[0].embedding.length > 0, JSON.stringify(r));
  });
}
