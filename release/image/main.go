// Command image makes an OCI image of one static program: an image layout on disk, without a container engine and without a network.
// The image has the program, the licences of what it links, the root certificates of Mozilla's list, /tmp and the program's directory for
// data; nothing else. Equal input makes equal bytes.
//
// Usage: image --name edge --data /var/lib/metrics-edge --licenses FILE --out DIR --version 1.2.3 --revision COMMIT
// linux/amd64=FILE linux/arm/v7=FILE…
//
// SOURCE_DATE_EPOCH is the date of everything in the image, in Unix seconds.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// image describes what to make.
type image struct {
	name, data, version, revision string
	licenses                      []byte
	date                          time.Time
	programs                      []program
}

// program is the program's file for one platform.
type program struct {
	platform v1.Platform
	file     string
}

func main() {
	if err := run(os.Args[1:], os.Getenv("SOURCE_DATE_EPOCH")); err != nil {
		fmt.Fprintf(os.Stderr, "image: %v\n", err)
		os.Exit(1)
	}
}

func run(args []string, epoch string) error {
	flags := flag.NewFlagSet("image", flag.ContinueOnError)
	var i image
	flags.StringVar(&i.name, "name", "", "name of the program")
	flags.StringVar(&i.data, "data", "", "directory that the program may write")
	flags.StringVar(&i.version, "version", "", "version of the program")
	flags.StringVar(&i.revision, "revision", "", "commit that it was built from")
	licenses := flags.String("licenses", "", "file with the licences of all that the program has")
	out := flags.String("out", "", "directory to make")
	if err := flags.Parse(args); err != nil {
		return err
	}
	seconds, err := strconv.ParseInt(epoch, 10, 64)
	if err != nil {
		return fmt.Errorf("SOURCE_DATE_EPOCH is %q, want Unix seconds", epoch)
	}
	i.date = time.Unix(seconds, 0).UTC()
	for _, arg := range flags.Args() {
		name, file, _ := strings.Cut(arg, "=")
		platform, err := v1.ParsePlatform(name)
		if err != nil || file == "" {
			return fmt.Errorf("%q: want a platform and a file, for example linux/amd64=bin/edge", arg)
		}
		i.programs = append(i.programs, program{*platform, file})
	}
	if i.name == "" || i.data == "" || i.version == "" || *out == "" || len(i.programs) == 0 {
		return errors.New("want --name, --data, --version, --out and at least one PLATFORM=FILE")
	}
	if i.licenses, err = os.ReadFile(*licenses); err != nil {
		return fmt.Errorf("--licenses: %w", err)
	}
	return i.write(*out)
}

// write makes the layout. An index names the image of each platform.
func (i image) write(out string) error {
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for _, p := range i.programs {
		img, err := i.build(p)
		if err != nil {
			return fmt.Errorf("image of %s for %s: %w", p.file, p.platform, err)
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: img, Descriptor: v1.Descriptor{Platform: &p.platform}})
	}
	annotated := mutate.Annotations(index, i.labels()).(v1.ImageIndex)
	if _, err := layout.Write(out, annotated); err != nil {
		return fmt.Errorf("write the layout %s: %w", out, err)
	}
	return nil
}

// build makes the image of one platform: one layer and the configuration.
func (i image) build(p program) (v1.Image, error) {
	layer, err := i.layer(p.file)
	if err != nil {
		return nil, err
	}
	img := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	img, err = mutate.Append(img, mutate.Addendum{Layer: layer, MediaType: types.OCILayer, History: v1.History{
		CreatedBy: "release/image", Created: v1.Time{Time: i.date},
	}})
	if err != nil {
		return nil, err
	}
	config, err := img.ConfigFile()
	if err != nil {
		return nil, err
	}
	config = config.DeepCopy()
	config.Created = v1.Time{Time: i.date}
	config.OS, config.Architecture, config.Variant = p.platform.OS, p.platform.Architecture, p.platform.Variant
	config.Config = v1.Config{
		User: fmt.Sprintf("%d:%d", owner, owner), Entrypoint: []string{"/" + i.name}, WorkingDir: i.data,
		Env: []string{"PATH=/", "HOME=" + i.data}, Labels: i.labels(),
	}
	return mutate.ConfigFile(img, config)
}

// labels are the annotations that the OCI image specification defines.
func (i image) labels() map[string]string {
	const prefix = "org.opencontainers.image."
	return map[string]string{
		prefix + "title": i.name, prefix + "version": i.version, prefix + "revision": i.revision, prefix + "licenses": "MIT",
		prefix + "source": "https://github.com/metrics-dashboard/metrics-dashboard", prefix + "created": i.date.Format(time.RFC3339),
	}
}
