package ingest

import (
	"image"
	"image/color"
	"testing"
)

func TestASmallPictureIsTheMeanOfTheLarge(t *testing.T) {
	large := image.NewNRGBA(image.Rect(7, 3, 7+301, 3+455)) // no corner at zero, no size that divides
	for y := 3; y < 3+455; y++ {
		for x := 7; x < 7+301; x++ {
			switch {
			case x < 7+150:
				large.Set(x, y, color.NRGBA{200, 40, 0, 255})
			case y < 230:
				large.Set(x, y, color.NRGBA{0, 0, 0, 0}) // transparent becomes white
			case (x+y)%2 == 0:
				large.Set(x, y, color.NRGBA{255, 255, 255, 255})
			default:
				large.Set(x, y, color.NRGBA{0, 0, 0, 255})
			}
		}
	}
	small := shrunk(large, 60, 90)
	for _, c := range []struct {
		x, y    int
		r, g, b uint32
	}{{10, 45, 200, 40, 0}, {0, 0, 200, 40, 0}, {50, 10, 255, 255, 255}, {50, 80, 127, 127, 127}, {59, 89, 127, 127, 127}} {
		r, g, b, a := small.At(c.x, c.y).RGBA()
		for i, pair := range [][2]uint32{{r >> 8, c.r}, {g >> 8, c.g}, {b >> 8, c.b}, {a >> 8, 255}} {
			if d := int(pair[0]) - int(pair[1]); d < -8 || d > 8 {
				t.Errorf("at %d,%d channel %d is %d, want %d", c.x, c.y, i, pair[0], pair[1])
			}
		}
	}
	for _, ratio := range []image.YCbCrSubsampleRatio{image.YCbCrSubsampleRatio444, image.YCbCrSubsampleRatio422, image.YCbCrSubsampleRatio420, image.YCbCrSubsampleRatio440, image.YCbCrSubsampleRatio411, image.YCbCrSubsampleRatio410} {
		for _, size := range []image.Point{{121, 33}, {120, 1}, {999, 1501}, {481, 7}} {
			p := image.NewYCbCr(image.Rect(0, 0, size.X, size.Y), ratio)
			for i := range p.Y {
				p.Y[i] = 90
			}
			for i := range p.Cb {
				p.Cb[i], p.Cr[i] = 100, 200
			}
			got := shrunk(p, 120, max(1, size.Y/4)).(*image.YCbCr)
			for i, y := range got.Y {
				if y != 90 || got.Cb[got.COffset(i%120, i/120)] != 100 || got.Cr[got.COffset(i%120, i/120)] != 200 {
					t.Fatalf("%v %v: %d", ratio, size, y)
				}
			}
		}
	}
}
