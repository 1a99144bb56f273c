-- expect: undefined name 'package'
package.loadlib("x", "y")
