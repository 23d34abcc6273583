// Package bench measures the program from outside, as an operator's machine would run it: it makes the two
// captures of the lab, runs the binary on them and compares it with the reference reader in the same
// minute on the same machine.
//
// Most people need make bench. CORDON_BIN names a binary that is built already, CORDON_BENCH_ARGS other
// arguments for it ("watch --json --transfers all --sessions --no-record" unless set; the capture follows),
// CORDON_SHARED the folder with bench/gopeer. Without that folder there is no ratio, and the output says so:
// the package never claims a ratio against figures of another day.
package bench
