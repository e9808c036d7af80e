import { loop, check, must, way, url, key, model, prompt, description, schema, pixel, weather } from './harness.mjs';
const { GoogleGenAI } = await import(way === '2' ? 'genai-2' : '@google/genai');
const genai = new GoogleGenAI({ apiKey: key, httpOptions: { baseUrl: url } });
const user = (...parts) => [{ role: 'user', parts }];

await loop(async function* () {
  const config = { tools: [{ functionDeclarations: [{ name: 'weather', description, parametersJsonSchema: schema }] }], thinkingConfig: { includeThoughts: true } };
  const contents = user({ text: prompt });
  for (let turn = 0; turn < 4; turn++) {
    const parts = [];
    let usage;
    for await (const chunk of await genai.models.generateContentStream({ model, contents, config })) {
      usage = chunk.usageMetadata ?? usage;
      for (const p of chunk.candidates?.[0]?.content?.parts ?? []) {
        parts.push(p);
        if (p.text && !p.thought) yield p.text;
      }
    }
    must(usage?.totalTokenCount > 0, 'no usage');
    const calls = parts.filter((p) => p.functionCall).map((p) => p.functionCall);
    if (!calls.length) return;
    contents.push({ role: 'model', parts }, ...user(...calls.map((c) => ({ functionResponse: { id: c.id, name: c.name, response: { output: weather(c.args) } } }))));
  }
});
await check('answer', async () => {
  const r = await genai.models.generateContent({ model, contents: 'hi', config: { systemInstruction: 'Be brief.', maxOutputTokens: 4000 } });
  must(r.text && r.usageMetadata.totalTokenCount > 0, JSON.stringify(r));
});
await check('schema', async () => {
  const r = await genai.models.generateContent({ model, contents: 'a city', config: { responseMimeType: 'application/json', responseSchema: { type: 'OBJECT', properties: { city: { type: 'STRING' } }, required: ['city'] } } });
  must(typeof JSON.parse(r.text).city === 'string', r.text);
});
await check('image', async () => {
  const r = await genai.models.generateContent({ model, contents: user({ text: 'what is it?' }, { inlineData: { mimeType: 'image/png', data: pixel } }) });
  must(r.text, JSON.stringify(r));
});
await check('chat', async () => {
  const chat = genai.chats.create({ model });
  must((await chat.sendMessage({ message: 'hi' })).text && (await chat.sendMessage({ message: 'and again' })).text, 'no text');
});
await check('countTokens', async () => {
  const r = await genai.models.countTokens({ model, contents: 'hi there' });
  must(r.totalTokens > 0, JSON.stringify(r));
});
await check('models', async () => {
  const names = [];
  for await (const m of await genai.models.list()) names.push(m.name);
  must(names.includes('models/' + model), names.join());
});
await check('errors', async () => {
  const e = await new GoogleGenAI({ apiKey: 'wrong', httpOptions: { baseUrl: url } }).models.generateContent({ model, contents: 'hi' }).catch((e) => e);
  must([400, 401, 403].includes(e.status), `${e.status} ${e}`);
});
