// Package openai knows OpenAI's wire formats: chat completions, responses and
// embeddings. It reads what routing and accounting need of requests and
// answers, which otherwise pass as bytes, and writes errors in OpenAI's form.
// Chat completions and responses it also converts from and to the hub, for
// clients and for instances.
//
// Sources: the openapi.json of openai/openai-openapi, the types of the openai
// npm package, and recorded traffic; where they differ the recordings win.
package openai
