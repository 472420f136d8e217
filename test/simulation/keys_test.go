package simulation

import (
	"crypto/rsa"
	"encoding/binary"
	"fmt"
	"math/big"
	"math/rand/v2"
	"sync"
)

// hostKey is the key of every certificate of every host: the same on all machines, and made once, as a pool of eight hosts
// would otherwise spend most of a schedule's time on keys. It keeps nothing secret.
var hostKey = sync.OnceValues(func() (*rsa.PrivateKey, error) {
	rng := rand.New(rand.NewPCG(2048, 0x6b657973))
	p, q := primeFrom(rng), primeFrom(rng)
	one, e := big.NewInt(1), big.NewInt(65537)
	phi := new(big.Int).Mul(new(big.Int).Sub(p, one), new(big.Int).Sub(q, one))
	key := &rsa.PrivateKey{
		PublicKey: rsa.PublicKey{N: new(big.Int).Mul(p, q), E: int(e.Int64())},
		D:         new(big.Int).ModInverse(e, phi), Primes: []*big.Int{p, q},
	}
	key.Precompute()
	if err := key.Validate(); err != nil {
		return nil, fmt.Errorf("the key of the simulated hosts: %w", err)
	}
	return key, nil
})

// keyOf is hostKey as a model asks for it.
func keyOf(string) (*rsa.PrivateKey, error) { return hostKey() }

// primeFrom is the first prime from a random number of 1,024 bits on.
func primeFrom(rng *rand.Rand) *big.Int {
	b := make([]byte, 128)
	for i := 0; i < len(b); i += 8 {
		binary.BigEndian.PutUint64(b[i:], rng.Uint64())
	}
	b[0] |= 0xc0 // two such primes make a modulus of 2,048 bits
	b[len(b)-1] |= 1
	n, two := new(big.Int).SetBytes(b), big.NewInt(2)
	for !n.ProbablyPrime(20) {
		n.Add(n, two)
	}
	return n
}
