// SPDX-License-Identifier: Apache-2.0
// A stand-in for Grafana, which cannot be installed as a Go module: it answers the health check that a
// stack's start depends on, and refuses to start for the reasons for which Grafana's image refuses.
package main

import (
	"fmt"
	"io/fs"
	"log"
	"net/http"
	"os"
	"path/filepath"
	"strings"
)

// readable fails for anything below root that this user cannot read: Grafana would not provision it.
func readable(root string) error {
	return filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		file, err := os.Open(path)
		if err == nil {
			file.Close()
		}
		return err
	})
}

// secrets fails when a setting given as a file (GF_..__FILE) cannot be read, as the image's run.sh does.
func secrets() error {
	for _, pair := range os.Environ() {
		name, path, _ := strings.Cut(pair, "=")
		if strings.HasPrefix(name, "GF_") && strings.HasSuffix(name, "__FILE") {
			if _, err := os.ReadFile(path); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
	}
	return nil
}

func writable(directory string) error {
	file, err := os.CreateTemp(directory, "probe")
	if err != nil {
		return err
	}
	file.Close()
	return os.Remove(file.Name())
}

func main() {
	log.SetFlags(0)
	log.SetPrefix("grafana stand-in: ")
	for _, err := range []error{
		secrets(),
		writable(os.Getenv("GF_PATHS_DATA")),
		readable(os.Getenv("GF_PATHS_PROVISIONING")),
	} {
		if err != nil {
			log.Fatalf("would not start (uid %d): %v", os.Getuid(), err)
		}
	}
	http.HandleFunc("/api/health", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{"database": "ok", "version": "stand-in"}`)
	})
	// A scrape target that is up. No metric of Grafana's is imitated: that would prove nothing.
	http.HandleFunc("/metrics", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; version=0.0.4")
		fmt.Fprint(w, "# TYPE grafana_standin gauge\ngrafana_standin 1\n")
	})
	port := os.Getenv("GF_SERVER_HTTP_PORT")
	if port == "" {
		port = "3000"
	}
	address := os.Getenv("GF_SERVER_HTTP_ADDR") + ":" + port
	if os.Getenv("GF_SERVER_PROTOCOL") == "https" {
		log.Fatal(http.ListenAndServeTLS(address, os.Getenv("GF_SERVER_CERT_FILE"), os.Getenv("GF_SERVER_CERT_KEY"), nil))
	}
	log.Fatal(http.ListenAndServe(address, nil))
}
