// One streamed request with an SDK as it comes, retries included.
import { loop, must, way, url, key, model, prompt } from './harness.mjs';

const ways = {
  async *openai() {
    const { default: OpenAI } = await import('openai');
    const stream = new OpenAI({ apiKey: key, baseURL: url + '/v1' }).chat.completions.stream({ model, messages: [{ role: 'user', content: prompt }] });
    for await (const chunk of stream) yield chunk.choices[0]?.delta?.content ?? '';
    must((await stream.finalChatCompletion()).choices[0].finish_reason === 'stop', 'no end');
  },
  async *anthropic() {
    const { default: Anthropic } = await import('@anthropic-ai/sdk');
    const stream = new Anthropic({ apiKey: key, baseURL: url }).messages.stream({ model, max_tokens: 1000, messages: [{ role: 'user', content: prompt }] });
    for await (const e of stream) if (e.type === 'content_block_delta') yield e.delta.text ?? '';
    must((await stream.finalMessage()).stop_reason === 'end_turn', 'no end');
  },
  async *genai() {
    const { GoogleGenAI } = await import('@google/genai');
    let end;
    for await (const c of await new GoogleGenAI({ apiKey: key, httpOptions: { baseUrl: url } }).models.generateContentStream({ model, contents: prompt })) {
      end = c.candidates?.[0]?.finishReason ?? end;
      yield c.text ?? '';
    }
    must(end === 'STOP', 'no end');
  },
};
await loop(ways[way]);
