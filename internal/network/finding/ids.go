package finding

import "github.com/cordon-trust/cordon/internal/model"

// maxIDs is how many IDs a set remembers: as many as there can be findings.
const maxIDs = MaxFindings

// ids are the IDs of findings to which transfers belonged. Most transfers of a ward are of few findings, and to
// encode and digest what makes an ID took most of the time of adding one. They belong to one goroutine.
type ids map[idKey]model.Digest

// idKey is what an ID is made from, as the transfer has it.
type idKey struct {
	rule               model.Rule
	hostMark, nameMark model.Mark
	host, peer         string
	protocol           string
	digest             model.Digest
	name               string
	size               int64
}

// of does as [ID].
func (s *ids) of(rule model.Rule, t *model.Transfer) model.Digest {
	k := idKey{rule: rule, hostMark: t.HostMark, protocol: t.Protocol}
	if k.hostMark.IsZero() {
		k.host, k.peer = t.Host, t.Peer
	}
	if rule != model.UpdatePlaintext {
		if k.digest = bytesOf(t); k.digest.IsZero() {
			k.nameMark, k.name, k.size = t.NameMark, t.Name, sizeOf(t)
		}
	}
	id, ok := (*s)[k]
	if !ok {
		if *s == nil || len(*s) == maxIDs {
			*s = ids{}
		}
		id = ID(rule, t)
		(*s)[k] = id
	}
	return id
}
