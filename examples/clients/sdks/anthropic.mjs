import { loop, check, must, way, url, key, model, prompt, description, schema, pixel, weather } from './harness.mjs';
const { default: Anthropic } = await import(way === '0' ? 'anthropic-0' : '@anthropic-ai/sdk');
const anthropic = new Anthropic({ apiKey: key, baseURL: url, maxRetries: 0 });
const user = (content) => [{ role: 'user', content }];
const text = (r) => r.content.filter((b) => b.type === 'text').map((b) => b.text).join('');
const tools = [{ name: 'weather', description, input_schema: schema }];

// turns yields the text of a conversation in which the tool is called.
async function* turns(more, content = prompt) {
  const messages = user(content);
  for (let turn = 0; turn < 4; turn++) {
    const stream = anthropic.messages.stream({ model, max_tokens: 8000, tools, messages, ...more });
    for await (const e of stream) if (e.type === 'content_block_delta' && e.delta.type === 'text_delta') yield e.delta.text;
    const r = await stream.finalMessage();
    must(r.usage.output_tokens > 0, 'no usage');
    if (r.stop_reason !== 'tool_use') return;
    const results = r.content.filter((b) => b.type === 'tool_use').map((b) => ({ type: 'tool_result', tool_use_id: b.id, content: weather(b.input) }));
    messages.push({ role: 'assistant', content: r.content }, { role: 'user', content: results });
  }
}

await loop(() => turns({}));
await check('thinking round trip', async () => {
  const thinking = /sonnet-4-5/.test(model) ? { type: 'enabled', budget_tokens: 2000 } : { type: 'adaptive', display: 'summarized' };
  let answer = '';
  for await (const piece of turns({ thinking }, 'weather?')) answer += piece;
  must(answer, 'no answer');
});
await check('answer', async () => {
  const r = await anthropic.messages.create({ model, max_tokens: 200, system: 'Be brief.', messages: user('hi') });
  must(text(r) && r.stop_reason === 'end_turn' && r.usage.input_tokens > 0, JSON.stringify(r));
});
await check('image', async () => {
  const r = await anthropic.messages.create({ model, max_tokens: 200, messages: user([{ type: 'image', source: { type: 'base64', media_type: 'image/png', data: pixel } }, { type: 'text', text: 'what is it?' }]) });
  must(text(r), JSON.stringify(r));
});
await check('cache marks', async () => {
  const r = await anthropic.messages.create({ model, max_tokens: 200, system: [{ type: 'text', text: 'Be brief.', cache_control: { type: 'ephemeral' } }], messages: user('hi') });
  must(text(r), JSON.stringify(r));
});
await check('json_schema', async () => {
  const r = await anthropic.messages.create({ model, max_tokens: 200, messages: user('a city'), output_config: { format: { type: 'json_schema', schema } } });
  must(typeof JSON.parse(text(r)).city === 'string', JSON.stringify(r));
});
await check('count_tokens', async () => {
  const r = await anthropic.messages.countTokens({ model, messages: user('hi there') });
  must(r.input_tokens > 0, JSON.stringify(r));
});
await check('models', async () => {
  const names = {};
  for await (const m of anthropic.models.list()) names[m.id] = m.display_name;
  must(names[model] && names['claude-fast'] === 'Fast', JSON.stringify(names));
});
await check('errors', async () => {
  const e = await new Anthropic({ apiKey: 'wrong', baseURL: url, maxRetries: 0 }).messages.create({ model, max_tokens: 1, messages: user('hi') }).catch((e) => e);
  must(e instanceof Anthropic.AuthenticationError && e.error.error.type === 'authentication_error', `${e}`);
});
