//go:build !linux

package catalogue

import "errors"

func exchange(a, b string) error { return errors.ErrUnsupported }
