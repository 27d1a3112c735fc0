package indextest

import (
	"os"
	"strconv"
	"strings"
)

// Processor is the time that this process had on all cores, in ticks of the system;
// 0 where the system does not tell. Others on a machine hardly touch it, unlike what
// a clock says.
func Processor() float64 {
	text, err := os.ReadFile("/proc/self/stat")
	_, after, ok := strings.Cut(string(text), ") ")
	fields := strings.Fields(after)
	if err != nil || !ok || len(fields) < 13 {
		return 0
	}
	user, _ := strconv.ParseFloat(fields[11], 64)
	system, _ := strconv.ParseFloat(fields[12], 64)
	return user + system
}
