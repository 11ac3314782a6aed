// Package systemd reads the files of a service as systemd does: its unit and drop-ins, its environment
// files, and the words of its command line. It also restarts services, with systemctl.
//
// A file for EnvironmentFile= can be edited: Assignments finds the assignments in it, Words the
// arguments in a value, and Assignment.Apply changes a value without touching any other byte.
package systemd
