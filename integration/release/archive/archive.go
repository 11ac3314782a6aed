// Package archive writes archives whose bytes depend on nothing but what is in them.
package archive

import (
	"archive/tar"
	"archive/zip"
	"compress/gzip"
	"io"
	"io/fs"
	"strings"
	"time"
)

// An Entry is a file, or with a slash at the end of its name a directory. It belongs to the user and
// group Owner, by number.
type Entry struct {
	Name  string
	Mode  fs.FileMode // the permissions
	Owner int
	Data  []byte
}

func (e Entry) isDirectory() bool { return strings.HasSuffix(e.Name, "/") }

// WriteTar writes entries in their order, all of them modified at one time.
func WriteTar(w io.Writer, entries []Entry, modified time.Time) error {
	archive := tar.NewWriter(w)
	for _, e := range entries {
		header := &tar.Header{
			Typeflag: tar.TypeReg, Name: e.Name, Mode: int64(e.Mode.Perm()), Size: int64(len(e.Data)),
			Uid: e.Owner, Gid: e.Owner, ModTime: modified,
		}
		if e.isDirectory() {
			header.Typeflag = tar.TypeDir
		}
		if err := archive.WriteHeader(header); err != nil {
			return err
		}
		if _, err := archive.Write(e.Data); err != nil {
			return err
		}
	}
	return archive.Close()
}

// WriteTarGz is WriteTar, compressed by gzip.
func WriteTarGz(w io.Writer, entries []Entry, modified time.Time) error {
	compressed := gzip.NewWriter(w)
	if err := WriteTar(compressed, entries, modified); err != nil {
		return err
	}
	return compressed.Close()
}

// WriteZip writes entries in their order, all of them modified at one time. A zip has no owners.
func WriteZip(w io.Writer, entries []Entry, modified time.Time) error {
	archive := zip.NewWriter(w)
	for _, e := range entries {
		header := &zip.FileHeader{Name: e.Name, Modified: modified.UTC(), Method: zip.Deflate}
		mode := e.Mode.Perm()
		if e.isDirectory() {
			mode |= fs.ModeDir
			header.Method = zip.Store
		}
		header.SetMode(mode)
		file, err := archive.CreateHeader(header)
		if err != nil {
			return err
		}
		if _, err := file.Write(e.Data); err != nil {
			return err
		}
	}
	return archive.Close()
}
