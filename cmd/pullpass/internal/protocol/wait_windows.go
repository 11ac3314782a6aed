package protocol

import (
	"errors"
	"os"
	"time"
)

// canWait says whether waitFor works. Windows cannot wait for all kinds of files that stdin may be.
const canWait = false

func waitFor(*os.File, time.Duration) (ready bool, err error) { return false, errors.ErrUnsupported }
