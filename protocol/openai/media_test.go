package openai

import (
	"testing"

	"github.com/llmgw/llmgw/protocol"
)

func TestMediaOf(t *testing.T) {
	for url, want := range map[string]*protocol.Media{
		`"https://e.example/a.png"`:                        {URL: protocol.Text(`"https://e.example/a.png"`)},
		`"gs://bucket/a"`:                                  {URL: protocol.Text(`"gs://bucket/a"`)},
		`"data:image/png;base64,iVBO"`:                     {Type: protocol.Text(`"image/png"`), Data: protocol.Text(`"iVBO"`)},
		`"DATA:IMAGE/PNG;charset=utf-8;BASE64,iV\/O"`:      {Type: protocol.Text(`"image/png"`), Data: protocol.Text(`"iV/O"`)},
		`"data:;base64,iV\r\nBO\n"`:                        {Data: protocol.Text(`"iVBO"`)},
		`"data:application/pdf;name=a.pdf;base64,JVBERi0"`: {Type: protocol.Text(`"application/pdf"`), Data: protocol.Text(`"JVBERi0"`)},
		`"data:image\/png;base64,iVBO"`:                    {Type: protocol.Text(`"image/png"`), Data: protocol.Text(`"iVBO"`)},
		`"data:text/plain,hello"`:                          nil,
		`"data:image/png;base64"`:                          nil,
		`"data:"`:                                          nil,
	} {
		got := mediaOf(protocol.Text(url))
		if (got == nil) != (want == nil) {
			t.Errorf("%s: %v", url, got)
		} else if got != nil && (string(got.URL) != string(want.URL) || string(got.Data) != string(want.Data) || string(got.Type) != string(want.Type)) {
			t.Errorf("%s: %s, %s, %s", url, got.URL, got.Type, got.Data)
		}
	}
}
