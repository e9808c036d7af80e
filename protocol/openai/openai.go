// Package openai knows OpenAI's wire formats: chat completions, responses and
// embeddings. It reads what routing and accounting need of requests and
// answers, which otherwise pass as bytes, and writes errors in OpenAI's form.
//
// Sources: the openapi.json of openai/openai-openapi, the types of the openai
// npm package, and recorded traffic; where they differ the recordings win.
package openai
