package provider

import "syscall"

// troubles are the errors of Windows that are about the process's limits and the machine's resources:
// https://learn.microsoft.com/windows/win32/debug/system-error-codes,
// https://learn.microsoft.com/windows/win32/winsock/windows-sockets-error-codes-2.
var troubles = [...]trouble{
	{4, filesHint},          // ERROR_TOO_MANY_OPEN_FILES
	{10024, filesHint},      // WSAEMFILE
	{8, memoryHint},         // ERROR_NOT_ENOUGH_MEMORY
	{14, memoryHint},        // ERROR_OUTOFMEMORY
	{1450, memoryHint},      // ERROR_NO_SYSTEM_RESOURCES
	{1455, memoryHint},      // ERROR_COMMITMENT_LIMIT
	{10055, memoryHint},     // WSAENOBUFS
	{19, diskHint},          // ERROR_WRITE_PROTECT
	{39, diskHint},          // ERROR_HANDLE_DISK_FULL
	{112, diskHint},         // ERROR_DISK_FULL
	{1117, diskHint},        // ERROR_IO_DEVICE
	{1816, processHint},     // ERROR_NOT_ENOUGH_QUOTA
	{10049, portHint},       // WSAEADDRNOTAVAIL
	{syscall.EIO, diskHint}, // package os's own name for it
}
