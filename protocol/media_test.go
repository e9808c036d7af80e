package protocol

import "testing"

func TestSettle(t *testing.T) {
	for _, tc := range []struct {
		name       string
		mime, data string // as they stand in a body
		wantMIME   string
		wantData   string
		fault      string
	}{
		{"clean", `"image/png"`, `"AAAA"`, `"image/png"`, `"AAAA"`, ""},
		{"case-46 image/jpg", `"image/jpg"`, `"AAAA"`, `"image/jpeg"`, `"AAAA"`, ""},
		{"case-46 upper case", `"IMAGE/JPG"`, `"AAAA"`, `"image/jpeg"`, `"AAAA"`, ""},
		{"case-46 an escaped type", `"image\/png"`, `"AAAA"`, `"image/png"`, `"AAAA"`, ""},
		{"case-46 no type", ``, `"iVBORw0KGgoAAAA"`, `"image/png"`, `"iVBORw0KGgoAAAA"`, ""},
		{"case-46 an empty type", `""`, `"/9j/"`, `"image/jpeg"`, `"/9j/"`, ""},
		{"case-46 no type, WebP", ``, `"UklGRiIAAABXRUJQ"`, `"image/webp"`, `"UklGRiIAAABXRUJQ"`, ""},
		{"case-46 no type, sound", ``, `"UklGRiIAAABXQVZF"`, ``, `"UklGRiIAAABXQVZF"`, ""},
		{"case-46 line breaks", `"image/gif"`, `"AA AA\r\nBB\/B-_=="`, `"image/gif"`, `"AAAABB/B+/=="`, ""},
		{"case-46 SVG", `"image/svg+xml"`, `"AAAA"`, `"image/svg+xml"`, `"AAAA"`, "SVG images are not supported."},
		{"nothing", `"image/png"`, `""`, `"image/png"`, `""`, "it holds no data."},
		{"too short", `"image/png"`, `"x"`, `"image/png"`, `"x"`, "the data is not base64."},
		{"no base64", `"image/png"`, `"@@@@"`, `"image/png"`, `"@@@@"`, "the data is not base64."},
		{"no base64 in the end", `"image/png"`, `"AAAA=A"`, `"image/png"`, `"AAAA=A"`, "the data is not base64."},
		{"another escape", `"image/png"`, `"AA\u0041A"`, `"image/png"`, `"AA\u0041A"`, "the data is not base64."},
	} {
		m := Media{Data: Text(tc.data)}
		if tc.mime != "" {
			m.Type = Text(tc.mime)
		}
		if fault := m.Settle(PartImage, "f"); fault != tc.fault {
			t.Errorf("%s: %q, want %q", tc.name, fault, tc.fault)
		}
		if e := m.Refuse("r", "no."); e.Param != "f" || e.Reason != "r" || e.Message != "Invalid value for 'f': no." {
			t.Errorf("%s: refused with %+v", tc.name, e)
		}
		if tc.fault == "" && (string(m.Type) != tc.wantMIME || string(m.Data) != tc.wantData) {
			t.Errorf("%s: type %s, data %s", tc.name, m.Type, m.Data)
		}
	}
}
