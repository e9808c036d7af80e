package protocol_test

const (
	created       = `{"type":"response.created","sequence_number":0,"response":{"id":"resp_1","object":"response","created_at":1,"status":"in_progress","model":"gpt-x","output":[]}}`
	reasonAdded   = `{"type":"response.output_item.added","sequence_number":1,"output_index":0,"item":{"id":"rs_1","type":"reasoning","summary":[]}}`
	summaryDelta  = `{"type":"response.reasoning_summary_text.delta","sequence_number":2,"item_id":"rs_1","output_index":0,"summary_index":0,"delta":"hm"}`
	reasonDone    = `{"type":"response.output_item.done","sequence_number":3,"output_index":0,"item":{"id":"rs_1","type":"reasoning","summary":[{"type":"summary_text","text":"hm"}],"encrypted_content":"gAAAAAB"}}`
	messageAdded  = `{"type":"response.output_item.added","sequence_number":4,"output_index":1,"item":{"id":"msg_1","type":"message","status":"in_progress","role":"assistant","content":[]}}`
	outputDelta   = `{"type":"response.output_text.delta","sequence_number":5,"item_id":"msg_1","output_index":1,"content_index":0,"delta":"hello"}`
	completed     = `{"type":"response.completed","sequence_number":6,"response":{"id":"resp_1","object":"response","created_at":1,"status":"completed","model":"gpt-x","output":[],"usage":{"input_tokens":100,"input_tokens_details":{"cached_tokens":60},"output_tokens":20,"output_tokens_details":{"reasoning_tokens":5},"total_tokens":120}}}`
	nestedError   = `{"type":"error","sequence_number":6,"error":{"type":"server_error","code":"server_is_overloaded","message":"busy","param":null}}`
	flatError     = `{"type":"error","sequence_number":6,"code":"server_is_overloaded","message":"busy","param":null}`
	failedOverall = `{"type":"response.failed","sequence_number":7,"response":{"id":"resp_1","object":"response","created_at":1,"status":"failed","model":"gpt-x","output":[],"error":{"code":"server_is_overloaded","message":"busy"}}}`
)

var casesFromResponses = []answered{
	{name: "case-61 what was cached", from: "responses", to: "anthropic", stream: []string{created, messageAdded, outputDelta, completed}, want: []string{`"type":"message_delta"`, `"input_tokens":40`, `"output_tokens":20`}},
	{name: "case-87 a nested error", from: "responses", to: "anthropic", stream: []string{created, messageAdded, outputDelta, nestedError, failedOverall}, want: []string{`hello`, `event: error`, `"message":"busy"`, `!message_stop`}},
	{name: "case-87 a flat error", from: "responses", to: "chat", stream: []string{created, messageAdded, outputDelta, flatError}, want: []string{`hello`, `"error":{"message":"busy"`, `!DONE`}},
	{name: "case-88 encrypted at the end", from: "responses", to: "anthropic", stream: []string{created, reasonAdded, summaryDelta, reasonDone, messageAdded, outputDelta, completed}, want: []string{`"content_block":{"type":"thinking"`, `"thinking":"hm"`, `"type":"signature_delta","signature":"llmgw1.`, `"type":"content_block_stop","index":0`, `"index":1,"content_block":{"type":"text"`, `"stop_reason":"end_turn"`}},
	{name: "case-88 encrypted without words", from: "responses", to: "anthropic", stream: []string{created, reasonAdded, reasonDone, messageAdded, outputDelta, completed}, want: []string{`"content_block":{"type":"thinking"`, `"type":"signature_delta"`, `"index":1,"content_block":{"type":"text"`}},
	{name: "case-88 encrypted at the end", from: "responses", to: "chat", stream: []string{created, reasonAdded, summaryDelta, reasonDone, messageAdded, outputDelta, completed}, want: []string{`"reasoning_content":"hm"`, `"type":"reasoning.encrypted","data":"gAAAAAB"`, `hello`}},
}
