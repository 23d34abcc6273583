// Command cordon keeps a ledger of signed evidence about medical devices and answers what can still be
// trusted. Everything is in internal/cli; see `cordon help`.
package main

import (
	"os"

	"github.com/cordon-trust/cordon/internal/cli"
)

func main() { os.Exit(cli.Main()) }
