package record

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// application is the ID of this program: random, and never changed. `systemd-id128 machine-id --app-specific=` with this ID prints the
// machine_id of a machine's samples.
const application = "3b3735d3ea3845678500b5760f9dfe8c"

// MachineID is the value of the column machine_id. It hashes a machine's ID together with the application's. machine-id(5) asks for that,
// because the ID itself would identify the machine to everyone. The hash is that of sd_id128_get_machine_app_specific(3): the first half
// of HMAC-SHA256 of the application's ID, with the machine's ID as the key, marked as a random UUID.
//
// The result is empty if id is not an ID: before its first boot, an image has an empty file or "uninitialized" (machine-id(5)).
func MachineID(id string) string {
	key, err := hex.DecodeString(strings.ReplaceAll(strings.TrimSpace(id), "-", ""))
	if err != nil || len(key) != 16 || [16]byte(key) == [16]byte{} {
		return ""
	}
	message, _ := hex.DecodeString(application)
	mac := hmac.New(sha256.New, key)
	mac.Write(message) // never fails, see hash.Hash
	sum := mac.Sum(nil)[:16]
	sum[6], sum[8] = sum[6]&0x0f|0x40, sum[8]&0x3f|0x80
	return hex.EncodeToString(sum)
}
