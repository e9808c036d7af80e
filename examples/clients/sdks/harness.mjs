// What the drivers share: the task, and one JSON line for each thing found out.
export const { LLMGW_URL: url, LLMGW_API_KEY: key, LLMGW_MODEL: model, LLMGW_MARKER: marker, LLMGW_RESULT: result } = process.env;
export const way = process.argv[2];
export const prompt = `What is the weather in Paris? ${marker}`;
export const description = 'The weather of a city.';
export const schema = { type: 'object', properties: { city: { type: 'string', description: 'the city' } }, required: ['city'], additionalProperties: false };
export const pixel = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

// weather is the tool: it insists on what its schema says.
export function weather(args) {
  must(typeof args?.city === 'string', `the tool was called with ${JSON.stringify(args)}`);
  return result;
}

export function must(ok, why) {
  if (!ok) throw new Error(why);
}

const tell = (line) => console.log(JSON.stringify(line));

// loop runs the tool loop, which yields the pieces of text as they come.
export async function loop(run) {
  try {
    let answer = '', pieces = 0;
    for await (const piece of run()) {
      answer += piece;
      if (piece) pieces++;
    }
    tell({ answer, pieces });
  } catch (e) {
    tell({ error: describe(e) });
  }
}

export async function check(name, run) {
  try {
    await run();
    tell({ check: name, ok: true });
  } catch (e) {
    tell({ check: name, ok: false, error: describe(e) });
  }
}

const describe = (e) => `${e.status ?? ''} ${e.message ?? e}`.trim().slice(0, 600);
