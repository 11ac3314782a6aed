// Package installer installs pullpass on a node and uninstalls it: the binary, its provider in the
// kubelet's CredentialProviderConfig, and the flags with which the kubelet reads that config. Users get a link to
// the binary, which no kubelet needs.
//
// A kubelet does not start with a mistake in any of these, and its node is lost. So everything is checked
// before anything is written: also that only root can write to the paths, and to all directories and links on
// the way to them. A run can be killed at any time: the kubelet can start with what it leaves, and the next run
// completes it. A signal ends a run within a second, wherever it is. If the kubelet does not become healthy with
// a change, the change is rolled back and not tried again.
//
// # States
//
// The kubelet reads its flags and the config only when it starts. A change of these is on trial until a
// healthy kubelet has been seen with it:
//
//	none       nothing is installed
//	installed  no change is on trial
//	pending    a change is on trial, and no run has restarted the kubelet for it
//	restarted  a run has restarted the kubelet for the change, and has not decided about it
//	failed     no kubelet became healthy in time; the change is being rolled back
//
// In any of them, what was rejected last is remembered: the hash of what the kubelet read, when it was
// rolled back, and why.
//
// # Transitions
//
// Each event is a function in transitions.go, which returns the next state and what to do. A state is saved
// before a file is written or the kubelet is restarted. So a kill is no event: the next run begins in the
// last state. If the files are not those of the running machine, as in an image, no kubelet is looked for,
// and begin and settle are left out.
//
//	state       event                                             next        action
//
//	            begin: a run begins, and finds
//	none        - anything                                        none        proceed
//	installed   - anything                                        installed   proceed
//	pending     - a kubelet that started with the change          pending     confirm
//	pending     - the same after a removal                        pending     proceed
//	pending     - another kubelet, or none                        pending     proceed
//	restarted   - a kubelet that started after the change         restarted   decide
//	restarted   - no kubelet, in the boot of the restart          restarted   decide
//	restarted   - no kubelet yet in this boot                     restarted   proceed
//	restarted   - a kubelet that started before the change        restarted   proceed
//	failed      - no kubelet yet in this boot                     failed      restore files
//	failed      - a kubelet, or none in the boot of the failure   failed      roll back
//
//	            refuses: a run has a plan
//	any         - that was rejected                               same        refuse
//	any         - that was rejected, and has --retry              same        proceed
//	any         - that was rejected, with nothing to write,       same        proceed
//	              and a kubelet runs with it nevertheless
//	any         - that was not rejected                           same        proceed
//
//	            write: it is about to write
//	any         - what a kubelet reads at its start               pending     write
//	any         - the binary or the link alone                    same        write
//	any         written: all is written, a kubelet is found       same        save
//
//	            settle: an install is written, and finds
//	any         - a kubelet that has read it, known from before   installed   save
//	installed   - a kubelet that has read it                      installed   save
//	pending     - a kubelet that has read it, with --restart      pending     decide
//	pending     - a kubelet that has read it                      pending     proceed
//	any         - a kubelet that has not, with --restart          same        restart
//	any         - a kubelet that has not                          same        tell: restart
//	pending     - no kubelet                                      pending     tell: none runs
//	installed   - no kubelet                                      installed   proceed
//
//	            removed: an uninstall is written, and
//	any         - no kubelet uses the plugin                      none        remove binary
//	any         - a kubelet uses it, with --restart               same        restart
//	any         - a kubelet uses it                               same        tell: restart
//
//	any         restart: the kubelet is about to be restarted     restarted   restart
//	restarted   notRestarted: systemctl failed                    pending     fail
//	pending     healthy: a kubelet is healthy with the change     installed   save
//	restarted   healthy: the same                                 installed   save
//	pending     unhealthy: no kubelet is, in time                 failed      roll back
//	restarted   unhealthy: the same                               failed      roll back
//	restarted   unhealthy: the same, and no file was changed      installed   fail
//	any         a signal stops the wait                           same        fail
//	failed      rolledBack: the files are restored                installed   save
//	failed      rolledBack: the same, after a first install       none        save
//
// healthy makes the state forget what was rejected, if it is the same. unhealthy makes it remember the
// change as rejected.
package installer
