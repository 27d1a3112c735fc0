package main

import "syscall"

// diesWithUs lets a process end when the thread that started it does, so that
// none is left behind by a test that was killed itself.
func diesWithUs() *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
