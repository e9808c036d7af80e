package config

import (
	"fmt"
	"math/big"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// Bounds of what a source may ask of the parser and the evaluator, which know
// none themselves: the parser recurses, and a few bytes of expression can make
// gigabytes. No configuration meant seriously comes near them.
const (
	maxNesting   = 64      // brackets and templates within one another
	maxOperators = 256     // in one expression
	maxForText   = 4 << 10 // bytes of a for expression
	maxExponent  = 2048    // of two, in a number
)

// tooDeep refuses sources that would make the parser recurse too far.
func tooDeep(tokens hclsyntax.Tokens) *hcl.Diagnostic {
	var stack []hclsyntax.TokenType
	operators := 0
	for _, t := range tokens {
		switch t.Type {
		case hclsyntax.TokenOBrace, hclsyntax.TokenOBrack, hclsyntax.TokenOParen, hclsyntax.TokenOQuote,
			hclsyntax.TokenOHeredoc, hclsyntax.TokenTemplateInterp, hclsyntax.TokenTemplateControl:
			stack = append(stack, t.Type)
			if len(stack) > maxNesting {
				return tooComplex(t.Range, "Brackets, blocks and templates may be nested %d deep.", maxNesting)
			}
		case hclsyntax.TokenCBrace, hclsyntax.TokenCBrack, hclsyntax.TokenCParen, hclsyntax.TokenCQuote,
			hclsyntax.TokenCHeredoc, hclsyntax.TokenTemplateSeqEnd:
			if len(stack) > 0 {
				stack = stack[:len(stack)-1]
			}
		case hclsyntax.TokenBang, hclsyntax.TokenMinus, hclsyntax.TokenPlus, hclsyntax.TokenStar, hclsyntax.TokenSlash,
			hclsyntax.TokenPercent, hclsyntax.TokenEqualOp, hclsyntax.TokenNotEqual, hclsyntax.TokenLessThan,
			hclsyntax.TokenLessThanEq, hclsyntax.TokenGreaterThan, hclsyntax.TokenGreaterThanEq, hclsyntax.TokenAnd,
			hclsyntax.TokenOr, hclsyntax.TokenQuestion, hclsyntax.TokenDot:
			operators++
			if operators > maxOperators {
				return tooComplex(t.Range, "One expression may have %d operators.", maxOperators)
			}
		case hclsyntax.TokenNewline:
			if len(stack) == 0 || stack[len(stack)-1] == hclsyntax.TokenOBrace {
				operators = 0
			}
		}
	}
	return nil
}

// tooCostly refuses expressions whose value could be out of all proportion to
// their text.
func tooCostly(body *hclsyntax.Body) hcl.Diagnostics {
	w := &costWalker{}
	_ = hclsyntax.Walk(body, w)
	return w.diags
}

type costWalker struct {
	diags hcl.Diagnostics
	fors  int
}

func (w *costWalker) Enter(n hclsyntax.Node) hcl.Diagnostics {
	switch e := n.(type) {
	case *hclsyntax.ForExpr:
		w.fors++
		if w.fors > 1 {
			w.refuse(e.Range(), "A for expression may not hold another one.")
		} else if r := e.Range(); r.End.Byte-r.Start.Byte > maxForText {
			w.refuse(r, "A for expression may have %d bytes.", maxForText)
		}
	case *hclsyntax.LiteralValueExpr:
		if isNumber(e) && hugeNumber(e.Val.AsBigFloat()) {
			w.refuse(e.Range(), "The number is out of range.")
		}
	case *hclsyntax.BinaryOpExpr:
		if arithmetic(e) && (!plainNumber(e.LHS) || !plainNumber(e.RHS)) {
			w.refuse(e.Range(), "Arithmetic takes numbers written out, not strings, functions or other values.")
		}
	case *hclsyntax.UnaryOpExpr:
		if e.Op == hclsyntax.OpNegate && !plainNumber(e.Val) {
			w.refuse(e.Range(), "Arithmetic takes numbers written out, not strings, functions or other values.")
		}
	}
	return nil
}

func (w *costWalker) Exit(n hclsyntax.Node) hcl.Diagnostics {
	if _, ok := n.(*hclsyntax.ForExpr); ok {
		w.fors--
	}
	return nil
}

func (w *costWalker) refuse(r hcl.Range, format string, a ...any) {
	w.diags = append(w.diags, tooComplex(r, format, a...))
}

func tooComplex(r hcl.Range, format string, a ...any) *hcl.Diagnostic {
	return &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Too complex", Detail: fmt.Sprintf(format, a...), Subject: &r}
}

func isNumber(e *hclsyntax.LiteralValueExpr) bool {
	return e.Val.Type() == cty.Number && e.Val.IsKnown() && !e.Val.IsNull()
}

func hugeNumber(f *big.Float) bool {
	if f.IsInf() {
		return true
	}
	exp := f.MantExp(nil)
	return exp > maxExponent || exp < -maxExponent
}

func arithmetic(e *hclsyntax.BinaryOpExpr) bool {
	switch e.Op {
	case hclsyntax.OpAdd, hclsyntax.OpSubtract, hclsyntax.OpMultiply, hclsyntax.OpDivide, hclsyntax.OpModulo:
		return true
	}
	return false
}

func plainNumber(e hclsyntax.Expression) bool {
	switch e := e.(type) {
	case *hclsyntax.LiteralValueExpr:
		return isNumber(e)
	case *hclsyntax.ParenthesesExpr:
		return plainNumber(e.Expression)
	case *hclsyntax.UnaryOpExpr:
		return e.Op == hclsyntax.OpNegate && plainNumber(e.Val)
	case *hclsyntax.BinaryOpExpr:
		return arithmetic(e) // its own operands are visited too
	}
	return false
}
