package protocol

import (
	"errors"
	"os"
	"time"
)

// canWait says that waitFor can be used: Windows cannot wait for the files that stdin may be.
const canWait = false

func waitFor(*os.File, time.Duration) (ready bool, err error) { return false, errors.ErrUnsupported }
