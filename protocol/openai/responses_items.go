package openai

import (
	"bytes"

	"github.com/llmgw/llmgw/protocol"
)

// openCall is what is known of the open call.
type openCall struct {
	id, name, namespace protocol.Text
	input               inputReader // of a custom tool
}

func (w *responsesWriter) closeItem() {
	switch w.open {
	case noItem:
		return
	case messageItem:
		w.closeMessage()
	case reasoningItem:
		w.closeReasoning()
		return
	case functionItem:
		w.closeFunction()
	case customItem:
		w.closeCustom()
	}
	w.call = openCall{}
	if w.carry != nil { // of a text or a call, which have no place for it
		w.openReasoning()
		w.closeReasoning()
	}
}

func (w *responsesWriter) openReasoning() {
	w.added(reasoningItem, "rs_", "reasoning", `,"summary":[]`)
}

func (w *responsesWriter) aboutSummary(event string) {
	w.about(event)
	w.dst = append(w.dst, `,"summary_index":0`...)
}

func (w *responsesWriter) summaryDelta(text protocol.Text) {
	if len(w.text) == 0 {
		w.aboutSummary("response.reasoning_summary_part.added")
		w.dst = append(w.dst, `,"part":{"type":"summary_text","text":""}`...)
		w.close()
	}
	w.text = append(w.text, text.Inner()...)
	w.aboutSummary("response.reasoning_summary_text.delta")
	w.dst = appendMember(w.dst, "delta", text.Inner())
	w.close()
}

func (w *responsesWriter) closeReasoning() {
	if len(w.text) > 0 {
		w.aboutSummary("response.reasoning_summary_text.done")
		w.dst = appendMember(w.dst, "text", w.text)
		w.close()
		w.aboutSummary("response.reasoning_summary_part.done")
		w.dst = append(w.dst, `,"part":`...)
		w.dst = appendSummary(w.dst, w.text)
		w.close()
	}
	at := w.nextItem()
	w.items = w.appendItem(w.items, "reasoning")
	w.items = append(w.items, `,"summary":[`...)
	if len(w.text) > 0 {
		w.items = appendSummary(w.items, w.text)
	}
	w.items = append(w.items, ']')
	if w.carry != nil {
		w.items = appendMember(w.items, "encrypted_content", w.carry.Inner())
		w.carry = nil
	}
	w.items = append(w.items, '}')
	w.done(at)
}

func appendSummary(dst, text []byte) []byte {
	dst = append(dst, `{"type":"summary_text"`...)
	dst = appendMember(dst, "text", text)
	return append(dst, '}')
}

func (w *responsesWriter) openCall(p *protocol.Part) {
	name, namespace, custom := p.Name, p.Namespace, p.Custom
	if t := w.x.Tool(p.Name); t != nil {
		custom = custom || t.Kind == protocol.ToolCustom
		if namespace.Empty() {
			namespace = t.Namespace
		}
	}
	w.call = openCall{id: bytes.Clone(p.ID), name: bytes.Clone(unflattened(namespace, name)), namespace: bytes.Clone(namespace)}
	if w.call.id.Empty() {
		w.call.id = protocol.TextOf(w.x.NewID("call_"))
	}
	if w.signature(p); w.carry != nil {
		w.openReasoning()
		w.closeReasoning()
	}
	if custom {
		w.added(customItem, "ctc_", "custom_tool_call", string(w.appendCall(nil))+`,"input":""`)
		return
	}
	w.added(functionItem, "fc_", "function_call", `,"status":"in_progress"`+string(w.appendCall(nil))+`,"arguments":""`)
}

// appendCall appends what names the call.
func (w *responsesWriter) appendCall(dst []byte) []byte {
	dst = appendMember(dst, "call_id", w.call.id.Inner())
	dst = appendMember(dst, "name", w.call.name.Inner())
	if !w.call.namespace.Empty() {
		dst = appendMember(dst, "namespace", w.call.namespace.Inner())
	}
	return dst
}

func (w *responsesWriter) callDelta(text protocol.Text) {
	if w.open == functionItem {
		w.text = append(w.text, text.Inner()...)
		w.about("response.function_call_arguments.delta")
		w.dst = appendMember(w.dst, "delta", text.Inner())
		w.close()
		return
	}
	was := len(w.text)
	w.text = w.call.input.read(w.text, text)
	w.inputDelta(was)
}

// inputDelta writes what came to a custom tool's input.
func (w *responsesWriter) inputDelta(was int) {
	if len(w.text) > was {
		w.about("response.custom_tool_call_input.delta")
		w.dst = appendMember(w.dst, "delta", w.text[was:])
		w.close()
	}
}

func (w *responsesWriter) closeFunction() {
	if len(w.text) == 0 { // a tool without parameters
		w.callDelta(protocol.Text(`"{}"`))
	}
	w.about("response.function_call_arguments.done")
	w.dst = appendMember(w.dst, "name", w.call.name.Inner())
	w.dst = appendMember(w.dst, "arguments", w.text)
	w.close()
	at := w.nextItem()
	w.items = w.appendItem(w.items, "function_call")
	w.items = appendMember(w.items, "status", []byte(w.itemStatus()))
	w.items = w.appendCall(w.items)
	w.items = appendMember(w.items, "arguments", w.text)
	w.items = append(w.items, '}')
	w.done(at)
}

func (w *responsesWriter) closeCustom() {
	was := len(w.text)
	w.text = w.call.input.rest(w.text)
	w.inputDelta(was)
	w.about("response.custom_tool_call_input.done")
	w.dst = appendMember(w.dst, "input", w.text)
	w.close()
	at := w.nextItem()
	w.items = w.appendItem(w.items, "custom_tool_call")
	w.items = w.appendCall(w.items)
	w.items = appendMember(w.items, "input", w.text)
	w.items = append(w.items, '}')
	w.done(at)
}

// image gives a generated image as the call that would have made it at OpenAI.
func (w *responsesWriter) image(m *protocol.Media) {
	switch {
	case m == nil || m.Data.Empty() && m.URL.Empty():
		w.say(protocol.Text(`"[image]"`))
		return
	case m.Data.Empty():
		w.say(protocol.AppendTexts(nil, "", protocol.Text(`"![image]("`), m.URL, protocol.Text(`")"`)))
		return
	}
	w.closeItem()
	w.skip = true
	w.added(noItem, "ig_", "image_generation_call", `,"status":"in_progress","result":null`)
	at := w.nextItem()
	w.items = w.appendItem(w.items, "image_generation_call")
	w.items = append(w.items, `,"status":"completed"`...)
	w.items = appendMember(w.items, "result", m.Data.Inner())
	w.items = append(w.items, '}')
	w.done(at)
}
