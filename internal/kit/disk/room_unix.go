//go:build linux || darwin

package disk

import "syscall"

const accessWriteEnter = 2 | 1 // W_OK and X_OK of access(2)

func room(path string) (uint64, bool) {
	var st syscall.Statfs_t
	if err := syscall.Statfs(path, &st); err != nil || st.Bsize <= 0 {
		return 0, false
	}
	return st.Bavail * uint64(st.Bsize), true
}

func writable(dir string) bool { return syscall.Access(dir, accessWriteEnter) == nil }

func mostOpen() (uint64, bool) {
	var l syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l); err != nil {
		return 0, false
	}
	return l.Cur, true
}
