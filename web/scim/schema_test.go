package scim

import (
	"net/url"
	"slices"
	"strings"
	"testing"
)

// What the schema names is what a program may send: nothing is taken in silence.
func TestTheSchemaNamesAllThatIsTaken(t *testing.T) {
	var named []string
	for _, a := range (&Site{base: &url.URL{}}).allSchemas()[0]["attributes"].([]attribute) {
		named = append(named, strings.ToLower(a.Name))
	}
	taken := append(slices.Clone(unkept), "externalid", "username", "emails", "active")
	slices.Sort(named)
	slices.Sort(taken)
	if !slices.Equal(named, taken) {
		t.Errorf("named %v\ntaken %v", named, taken)
	}
}
