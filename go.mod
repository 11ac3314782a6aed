module github.com/pullpass/pullpass

go 1.26.0
