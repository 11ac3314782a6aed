// Command hello is the floor of the benchmarks: the least that a static Go program costs.
package main

import "fmt"

func main() {
	fmt.Println("hello, world")
}
