//go:build !linux

package main

import "syscall"

// diesWithUs is for Linux; elsewhere the test's cleanup has to do.
func diesWithUs() *syscall.SysProcAttr { return nil }
